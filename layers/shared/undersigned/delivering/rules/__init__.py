"""What a delivery, its bundles, its packets and its emails’ events must be."""
