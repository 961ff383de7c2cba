-- The bucket of bucket.py, shared by all processes. KEYS: the bucket. ARGV: "take" or "slow", wanted, urgent (0 or 1), limit, and
-- for tests a moment in seconds. Answers {granted, wait in microseconds, rate in thousandths}.
local LEFT, GROWTH, GROWTH_SECONDS, LEAST = 0.7, 1.2, 10, 10
local ONE_COMPLAINT, MEASURED, BOUNDLESS = 2, 5, 1e5

local key, act = KEYS[1], ARGV[1]
local wanted, urgent, limit = tonumber(ARGV[2]), ARGV[3] == "1", tonumber(ARGV[4])
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call("TIME")
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local kept = redis.call("HMGET", key, "paid_at", "cut", "cut_at", "window", "granted", "before")
for i = 1, 6 do kept[i] = tonumber(kept[i] or 0) end
local paid_at, cut, cut_at, window, granted_before, before = unpack(kept)

local function rate()
  if cut == 0 then return limit end
  local grown = cut * GROWTH ^ ((now - cut_at) / GROWTH_SECONDS)
  if grown > BOUNDLESS then
    cut = 0
    return limit
  end
  if limit > 0 then return math.min(grown, limit) end
  return grown
end

local function keep()
  redis.call("HSET", key, "paid_at", string.format("%.6f", paid_at), "cut", string.format("%.6f", cut),
    "cut_at", string.format("%.6f", cut_at), "window", string.format("%.6f", window), "granted", granted_before, "before", before)
  redis.call("EXPIRE", key, 86400)
end

if act == "slow" then
  if cut > 0 and now - cut_at < ONE_COMPLAINT then return {0, 0, 0} end
  local measured = math.max(before / MEASURED, granted_before / math.max(1, now - window), LEAST)
  local allowed = rate()
  if allowed > 0 then measured = math.min(allowed, measured) end
  cut, cut_at = LEFT * measured, now
  keep()
  return {0, 0, 0}
end

local function count(granted)
  if now - window >= MEASURED then
    before = (now - window < 2 * MEASURED) and granted_before or 0
    window, granted_before = now, 0
  end
  granted_before = granted_before + granted
end

local allowed = rate()
if allowed == 0 then
  count(wanted)
  keep()
  return {wanted, 0, 0}
end
local each, burst = 1 / allowed, math.max(1, allowed)
paid_at = math.max(paid_at, now)
local granted = wanted
if not urgent then
  granted = math.max(0, math.min(wanted, math.floor(burst - (paid_at - now) / each + 1e-6)))
end
paid_at = paid_at + granted * each
count(granted)
keep()
local wait = 0
if granted < wanted then wait = math.max(0, paid_at + each - burst * each - now) end
return {granted, math.floor(wait * 1e6), math.floor(allowed * 1000)}
