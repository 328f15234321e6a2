"""The carrier simulator: an SMS gateway, an SMTP server and a phone, for staging systems."""
