"""
The registrable domain of a host: the part of its name that somebody had to register.

A short rule stands in for the public suffix list, whose 10,000 lines age and which few sign-ins
need. The domain is two labels; three where a country has a second level (`co.uk`); and the whole
name below hosters, where unrelated people get names side by side.

Where the rule errs, it takes two hosts of one owner for hosts of two owners (`id.sap.de`,
`login.sap.de`), and the user is asked once. Only a hoster that is missing from the list below errs
in the other direction.
"""

from __future__ import annotations

from .http.url import is_loopback

# Below these anybody gets a name, and most can answer requests there.
_SHARED_NAMES = """
accounts.dev amazonaws.com amazonaws.com.cn amazoncognito.com amplifyapp.com appdomain.cloud
appspot.com auth0.com awsapprunner.com azure-api.net azurecontainerapps.io azureedge.net
azurefd.net azurestaticapps.net azurewebsites.net b2clogin.com bitbucket.io blogspot.com br.com
ciamlogin.com cleverapps.io cloudapp.azure.com cloudapp.net cloudflareaccess.com cloudfront.net
cloudfunctions.net cn.com co.com compute.internal csb.app ddns.net de.com deno.dev devtunnels.ms
duckdns.org dyndns.org elasticbeanstalk.com eu.com firebaseapp.com fly.dev force.com
fusionauth.io gb.net github.dev github.io gitlab.io gitpod.io glitch.me googleusercontent.com
hana.ondemand.com herokuapp.com hopto.org jpn.com lhr.life loca.lt mybluemix.net myshopify.com
netlify.app ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev ngrok.io nip.io now.sh
okta-emea.com okta.com oktapreview.com on.aws ondigitalocean.app onelogin.com onrender.com
openshiftapps.com oryapis.com ovh.net pages.dev platformsh.site railway.app repl.co replit.app
replit.dev ru.com run.app sa.com salesforce-sites.com scalingo.io scw.cloud se.net sslip.io
supabase.co surge.sh svc.cluster.local trafficmanager.net translate.goog trycloudflare.com
ts.net uk.com uk.net upsun.app us.com vercel.app web.app webflow.io windows.net wixsite.com
wordpress.com workers.dev xip.io za.com zitadel.cloud
"""
_SHARED = frozenset(_SHARED_NAMES.split())
_COUNTRY_LETTERS = 2
# Second levels of a country are that short (co, com, gov, ac, ne, ...), but for a few.
_SECOND_LEVEL_LETTERS = 3
_LONGER_SECOND_LEVELS = frozenset({"asso", "firm", "gouv", "govt", "info", "name", "school"})


def registrable_domain(host: str) -> str:
    """
    Return the registrable domain of *host*, in lower case.

    Empty for an IP address, a single label and a public suffix.
    """
    host = _spelled(host)
    labels = host.split(".")
    if _is_address(host) or host in _SHARED:
        return ""
    if any(".".join(labels[n:]) in _SHARED for n in range(1, len(labels))):
        return host
    count = 3 if _has_second_level(labels) else 2
    return ".".join(labels[-count:]) if len(labels) >= count else ""


def belong_together(host: str, other: str) -> bool:
    """
    Return whether two hosts are one, or one lies below the other's registrable domain.

    `localhost` and the loopback addresses are one host.
    """
    one, two = _spelled(host), _spelled(other)
    if one == two or (is_loopback(one) and is_loopback(two)):
        return True
    domains = ((one, registrable_domain(two)), (two, registrable_domain(one)))
    return any(domain and f".{name}".endswith(f".{domain}") for name, domain in domains)


def _has_second_level(labels: list[str]) -> bool:
    is_of_a_country = len(labels[-1]) == _COUNTRY_LETTERS and len(labels) > 1
    return is_of_a_country and (
        len(labels[-2]) <= _SECOND_LEVEL_LETTERS or labels[-2] in _LONGER_SECOND_LEVELS
    )


def _spelled(host: str) -> str:
    return host.lower().removesuffix(".")


def _is_address(host: str) -> bool:
    # The URL standard takes a host whose last label is a number for an IPv4 address.
    return ":" in host or host.rpartition(".")[2][:1].isdigit()
