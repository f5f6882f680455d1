"""The layers of the platform, each built by `__main__.py`; what several of them need is in `components/shared`."""
