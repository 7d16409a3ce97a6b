"""Puts netreflex into an AWS account, and takes it out again.

::

    python -m deploy deploy --stage prod
       configuration   the stage's settings fit the credentials, the policy file has no fault      (writes config.json only)
       stack           what Chalice does not manage: table, topics, queues, alarms, dashboard      (one change set)
       application     `chalice deploy`, unless the very same application is there already
       safeguards      what Chalice cannot set: where events go that a function or a rule gave up
       check           reads all of it back, and fails where something is missing

Each step looks first and writes only what differs, so a run that was interrupted anywhere is completed by the next one, and
a run with nothing to do writes nothing. Every name is ``netreflex-<stage>-<part>``: no step needs what another one printed.
Nothing here ships to Lambda.
"""
