"""Write the table of support and its page: python -m tests.support."""

from tests.support.pages import CSV, PAGE, as_csv, as_page, rows

found = list(rows())
CSV.write_text(as_csv(found), encoding="utf-8")
PAGE.write_text(as_page(found), encoding="utf-8")
