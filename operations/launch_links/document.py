"""docs/launch.md: the links, and what who follows one must know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from operations.launch_links.templates import STACK_NAME, LaunchTemplate

_HEAD = """\
# Launch links

<!-- Written by `make publish`. Do not edit: operations/launch_links/document.py -->

A link opens CloudFormation's quick-create page with the whole application filled in as one
stack: no bootstrap, no tools, no working copy.
"""

_NOTHING = """\
Nothing has been published from this copy yet:

```sh
make publish BUCKET_PREFIX=your-company-voc-gender
```

makes a private bucket per region (`your-company-voc-gender-eu-west-1`), publishes the template
and its files there, and writes the links here.
"""

_TAIL = """\
Who follows a link needs an account, the right to create these resources, and to read the bucket:

1. open the link of a region, signed in;
2. tick that CloudFormation may create IAM resources, and press **Create stack**;
3. after 10 to 20 minutes the tab **Outputs** shows `WebUrl` and `ApiUrl`.

The stack is the preset `workshop`: open API, serverless endpoint, data that go with the stack.
Its names are the workshop's, so it exists once per account and region, and not beside
`make deploy` of the same environment. Deleting the stack removes everything but logs and the
records of training jobs ([what stays](operations.md#remove)).

## Who may launch

A new bucket is private: the links work in the account that published, and nowhere else.
`READERS=` opens it, and only it: objects can be read one by one, over TLS; nobody can list them.

| | |
|---|---|
| `READERS=111122223333,444455556666` | these accounts |
| `READERS=o-exampleorg` | every account of an AWS organization |
| `READERS=public` | anybody. The files are this repository's: no secret, no personal data |
| `READERS=private` | closes it again |

Without `READERS=` an existing bucket keeps what it allows.

## Publishing again

Keys are the fingerprints of contents. What is there is not sent again, nothing is overwritten,
and older links go on working. `METHOD=high-level` (the default) trains in the launcher's account;
`METHOD=pre-trained` hosts the shipped model, which is quicker. `LOCAL=1` publishes to the running
embedded AWS, to try it.
"""

_ROW = re.compile(r"^\| `([a-z0-9-]+)` \| \[Launch\]\((\S+)\) \|$", re.MULTILINE)


def launch_link(launch: LaunchTemplate) -> str:
    """Return the address of CloudFormation's quick-create page for a template."""
    return (
        f"https://{launch.region}.console.aws.amazon.com/cloudformation/home"
        f"?region={launch.region}#/stacks/quickcreate"
        f"?templateURL={quote(launch.url, safe='')}&stackName={STACK_NAME}"
    )


def links_in(document: str) -> dict[str, str]:
    """Return the links of a document that :func:`render` wrote, by region."""
    return dict(_ROW.findall(document))


def render(links: Mapping[str, str]) -> str:
    """Write the document; without links it says how to get some.

    Parameters
    ----------
    links
        By region.
    """
    if not links:
        return "\n".join([_HEAD, _NOTHING, _TAIL])
    rows = [f"| `{region}` | [Launch]({link}) |" for region, link in links.items()]
    return "\n".join([_HEAD, "| Region | |\n|---|---|", *rows, "", _TAIL])
