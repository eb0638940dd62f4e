"""Who asks, for the commands that give somebody a right."""


def member(credentials: object) -> str:
    """Give who asks, as IAM's commands name it, as far as Google's credentials know."""
    account = str(getattr(credentials, "service_account_email", "") or "")
    person = str(getattr(credentials, "account", "") or "")
    return f"serviceAccount:{account}" if "@" in account else f"user:{person or 'YOU'}"
