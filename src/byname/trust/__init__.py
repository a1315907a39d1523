"""trust: what may we keep, read and use, and who looked?"""
