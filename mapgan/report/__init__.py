"""`report.html`: a run on one page, for people to look at and to share."""
