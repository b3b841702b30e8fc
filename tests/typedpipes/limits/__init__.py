"""Tests of limits: exact windows, budgets, stores."""
