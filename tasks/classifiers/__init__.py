"""Text classifiers over word vectors: encoding, embedding matrices, Keras networks, their training and scores."""
