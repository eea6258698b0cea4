"""What stops a backup or a restore: one sentence for the operator."""

import click


class NotKept(click.ClickException):
    """The work was refused or broke off; what was there before is untouched."""
