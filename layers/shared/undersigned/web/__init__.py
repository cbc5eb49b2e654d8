"""HTTP: what a request carries, and answers with the headers that keep them safe."""
