"""Who is here and what they see now. Asynchronous; may forget everything."""
