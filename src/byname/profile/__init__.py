"""profile: what happened, and who is this to us?"""
