"""Commands about what is remembered from run to run: alerts, silences, the week, the state itself."""
