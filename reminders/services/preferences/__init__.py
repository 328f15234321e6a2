"""What a customer wants to hear, where and when: shown, changed, disclosed, and watched over."""
