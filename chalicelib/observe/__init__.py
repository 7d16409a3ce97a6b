"""The only code that reads AWS: answers become facts. Paginators always; nothing is decided here."""
