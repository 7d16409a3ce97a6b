"""The local AWS: moto made strict, ministack, and the tools that drive both. Nothing of it ships."""
