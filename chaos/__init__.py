"""Does it hold when things break? A bench that kills, stops and confuses a real deployment, and counts.

`make chaos` (or `python -m chaos --scenario FT-01 --size 2000 --seed 7`) plays scenarios against real worker processes,
schedulers and web, a real Redis, a real PostgreSQL or SQLite, and the sandbox as the providers. Every occurrence that is due
is known from the seed before anything starts; the sandbox's ledger says what the providers took. At the end the two are
compared, and each message is accounted for: `lost`, `duplicate` and `unknown` are the sums of what does not add up.

How to add a scenario
=====================

Write a function into the file of its family (`crashes`, `broker`, `database`, `providers`, `controls`; a new family is a new
file, named in `registry.FAMILIES`)::

    @scenario("FT-99", "the power goes while nobody looks", recovery=90)
    def power_cut(stage: Stage) -> None:
        stage.open()                       # sandbox, web, workers, schedules, all ready
        stage.plant(0.4)                   # so much of what is due is told before
        with stage.planting(seconds=20):   # and the rest while the block runs
            for _ in stage.rounds(5):      # more of them at a greater --size
                stage.wait(2, 4)
                stage.kill_workers()
                stage.workers()
        stage.expect(stage.web_answers(), "the web answers")

Its name is that of the list of faults in docs/chaos.md, its sentence says what happens, and its bounds say what is allowed:
`recovery` seconds from the end of the function to the moment when nothing waits any more, `unknown` messages that nobody could
prove. When the function returns, the fault is over: the runner measures the recovery, waits for the last report, plays the
rest of time (the repeat of service messages, then the 72 hours of proof) with a clock of its own, and judges. A scenario that
sees more than that says so with `stage.expect(it_holds, "what should hold")`. No copies for marketing and surveys and nothing
lost need not be said: they hold always. What is special about the stage is said where it is registered:
`database="sqlite"`, `reports=False` (no webhooks), `caught=("duplicate",)` for a control that the bench has to see. And its row in
docs/chaos.md: a test compares the two.
"""
