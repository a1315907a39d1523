"""identity: whose touch is this?"""
