"""The generation step: schema files in, typed packages out."""
