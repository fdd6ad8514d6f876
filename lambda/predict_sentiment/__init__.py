"""GET and POST /predictsentiment: ask for and store the sentiment of feedbacks."""
