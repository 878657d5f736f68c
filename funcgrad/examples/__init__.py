"""Small programs to read and to run: `python -m funcgrad.examples` lists them.

Each is one file. Its `report` yields the lines that it prints, and returns what its `picture` draws.
"""

#: What each program shows.
PROGRAMS = {
    "descent": "the minimum of F[a] = x·a² + a, by the derivative and by a forward difference",
    "neuron": "one neuron, o = tanh(w·x + b), and the gradient of each of its numbers",
    "network": "linear layers, sigmoid and mean squared error; then a regression on real data, batch by batch",
    "iris": "a small network that learns to tell three species of iris apart",
    "neurons": "two moons told apart by scalar neurons, each weight a number",
    "moons": "two moons told apart by a network of arrays",
    "digits": "handwritten digits told apart, by dense layers and by convolutions",
    "curve_fit": "two peaks on a slope, from counts: optimize.minimize, and errors from the Hessian",
    "gaussian_process": "a curve from noisy values: length, height and noise by the marginal likelihood",
    "logistic_regression": "a posterior by Hamiltonian Monte Carlo: borders between two species",
    "characters": "a recurrent network with attention learns a tale, letter by letter, and tells it on",
    "maml": "learning to learn sines: gradients through gradients",
    "heat": "a network obeys the heat equation: second derivatives inside the loss",
    "figure_eight": "three bodies close their orbit: derivatives through a simulation",
    "influenza": "a differential equation fitted to an epidemic, and how the fit moves with each observation",
}
