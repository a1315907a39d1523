"""Who may be one person without a common identifier? Splink at night suggests, people decide.

records -> shape -> engine (train, predict) -> veto -> suggest; score answers for one new record by day.
"""
