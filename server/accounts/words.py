"""What Flask-Security says to people, in our own plain words, so that our catalogues translate them."""

from server.core.choices import N_

WRONG = N_("The e-mail address, password or code is not right.")
SIGN_IN = N_("Please sign in.")
SIGN_IN_AGAIN = N_("Please sign in again to do this.")
NOT_ALLOWED = N_("You may not do this.")
START_OVER = N_("This took too long. Please start again.")

MESSAGES: dict[str, tuple[str, str]] = {
    "ANONYMOUS_USER_REQUIRED": (N_("You are signed in already."), "error"),
    "DISABLED_ACCOUNT": (WRONG, "error"),
    "EMAIL_NOT_PROVIDED": (N_("Please give your e-mail address."), "error"),
    "GENERIC_AUTHN_FAILED": (WRONG, "error"),
    "INVALID_CODE": (WRONG, "error"),
    "INVALID_EMAIL_ADDRESS": (N_("This is not a valid e-mail address."), "error"),
    "INVALID_INPUT": (N_("This value cannot be used."), "error"),
    "INVALID_PASSWORD": (WRONG, "error"),
    "INVALID_PASSWORD_CODE": (WRONG, "error"),
    "INVALID_RECOVERY_CODE": (N_("This recovery code is not right, or was used before."), "error"),
    "LOGIN": (SIGN_IN, "info"),
    "NO_RECOVERY_CODES_SETUP": (N_("You have no recovery codes yet."), "info"),
    "PASSWORD_CHANGE": (N_("Your password was changed."), "success"),
    "PASSWORD_INVALID_LENGTH": (N_("The password needs at least %(length)s characters."), "error"),
    "PASSWORD_IS_THE_SAME": (N_("The new password must differ from the old one."), "error"),
    "PASSWORD_NOT_PROVIDED": (N_("Please give your password."), "error"),
    "PASSWORD_TOO_SIMPLE": (N_("This password is too easy to guess."), "error"),
    "REAUTHENTICATION_REQUIRED": (SIGN_IN_AGAIN, "error"),
    "REFRESH": (SIGN_IN_AGAIN, "info"),
    "RETYPE_PASSWORD_MISMATCH": (N_("The two passwords are not the same."), "error"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (N_("The second factor was set up."), "success"),
    "TWO_FACTOR_DISABLED": (N_("The second factor was switched off."), "success"),
    "TWO_FACTOR_INVALID_TOKEN": (N_("This code is not right. Codes change every half minute."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (N_("You are signed in."), "success"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (N_("This way is not available."), "error"),
    "TWO_FACTOR_PERMISSION_DENIED": (NOT_ALLOWED, "error"),
    "TWO_FACTOR_SETUP_EXPIRED": (START_OVER, "error"),
    "UNAUTHENTICATED": (SIGN_IN, "error"),
    "UNAUTHORIZED": (NOT_ALLOWED, "error"),
    "USER_DOES_NOT_EXIST": (WRONG, "error"),
}
"""Flask-Security's name of a message → our words and its kind. A wrong address and a wrong password say the same."""


def settings_of_words() -> dict[str, object]:
    """Return the Flask-Security settings that make it speak these words."""
    return {f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()}
