"""What is measured: each module is a program, and says at its top what it measures."""
