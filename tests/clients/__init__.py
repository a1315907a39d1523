"""Do the unmodified clients of others deliver to byname?"""
