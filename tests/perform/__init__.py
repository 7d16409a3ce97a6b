"""The code that changes AWS, over moto and over answers that moto cannot give."""
