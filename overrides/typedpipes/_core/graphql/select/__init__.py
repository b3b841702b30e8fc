"""Selections: fields, the document made of them, and the rows that come back."""
