"""lake: where does history lie, and how is it read?"""
