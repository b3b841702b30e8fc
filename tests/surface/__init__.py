"""What users import, and what their editors show."""
