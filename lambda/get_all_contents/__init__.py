"""GET /getallcontents: lists feedbacks, newest first."""
