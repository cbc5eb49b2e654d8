"""The web: requests, read and checked; pages; answers with the headers that keep them safe."""
