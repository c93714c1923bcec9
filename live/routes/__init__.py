"""Thin handlers, one file for each view. They touch neither store nor hub nor bus nor projector's insides."""
