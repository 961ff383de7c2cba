// What the console does beyond plain pages: "/" searches, rows open, ids copy, one menu at a time. All of it works without, too.
"use strict";

const search = document.getElementById("search");
const said = document.getElementById("said");

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function open(row, event) {
  const href = row.dataset.href;
  if (event.ctrlKey || event.metaKey) window.open(href, "_blank", "noopener");
  else window.location.assign(href);
}

function say(words) {
  said.textContent = words;
  said.classList.add("shown");
  window.clearTimeout(say.timer);
  say.timer = window.setTimeout(() => said.classList.remove("shown"), 1400);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${text}`);
  } catch {
    say("The browser does not allow copying here; select the text instead");
  }
}

document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
for (const row of document.querySelectorAll("tr[data-href]")) row.tabIndex = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target !== row) return;
  if (event.key === "Enter") open(row, event);
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (next && row[next]) {
    event.preventDefault();
    row[next].focus();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const id = event.target.closest("[data-copy]");
  if (id) {
    copy(id.dataset.copy);
    return;
  }
  if (event.target.closest("a, button, input, summary, label")) return;
  const row = event.target.closest("tr[data-href]");
  if (row && !window.getSelection().toString()) open(row, event);
});
