"""The alerts: their life, their text, their road and their delivery."""
