"""What a reminder says: templates, locales, SMS segments and the lint that guards them."""
