"""Faults while the engine works: what AWS may answer to any call, and a program that is killed."""
