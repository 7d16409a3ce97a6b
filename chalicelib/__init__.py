"""netreflex: AWS network events in, decisions and changes out.

The packages are the stages of one flow, and an import may only point down this list (``lint-imports`` checks it)::

    wiring      the composition root: settings -> sessions -> observers, performers, flows; wiring_alerts and
                wiring_state are parts of it
    settings    the environment, read once and nowhere else
    flows       one short function per trigger: observe, decide, guard, perform, verify, report
    alerts      the life of an alert, its rendering, its delivery
    intake      event patterns as data; event -> Trigger; policy file -> Policy
    observe     the only code that reads AWS
    perform     the only code that changes AWS
    sessions    AWS clients for any account and Region
    decide      pure decisions: no AWS, clock, environment or logging
    model       frozen values that all of them share
"""

__version__ = "0.1.0"
