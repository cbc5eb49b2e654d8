"""Rules of forms and signatures."""
