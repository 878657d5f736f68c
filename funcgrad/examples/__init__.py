"""Small programs to read and to run: `python -m funcgrad.examples.descent`, and so on.

Each retells, with functions and values alone, what a teaching program did with nodes that change.
"""

#: What each program shows.
PROGRAMS = {
    "descent": "the minimum of F[a] = x·a² + a, by the derivative and by a forward difference",
    "neuron": "one neuron, o = tanh(w·x + b), and the gradient of each of its numbers",
    "network": "linear layers, sigmoid and mean squared error; then a regression on real data, batch by batch",
    "iris": "a small network that learns to tell three species of iris apart",
}
