"""Apple Push Notification service: HTTP/2, token authentication."""
