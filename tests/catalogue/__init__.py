"""The catalogue: one record a primitive or spelling. Every law runs over every record."""

import importlib
import pkgutil

from tests.catalogue.record import Record

RECORDS: list[Record] = []
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    if _module != "record":
        RECORDS += importlib.import_module(f"tests.catalogue.{_module}").RECORDS

__all__ = ["RECORDS", "Record"]
