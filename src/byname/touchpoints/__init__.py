"""touchpoints: which events does a source's payload hold?"""
