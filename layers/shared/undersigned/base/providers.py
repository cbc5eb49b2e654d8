"""Email providers that many people use."""

_DOMAINS = """
aim.com alice.it aol.com arcor.de att.net bell.net bellsouth.net bigpond.com bluewin.ch bol.com.br btinternet.com
charter.net comcast.net cox.net earthlink.net embarqmail.com fastmail.com free.fr freenet.de frontier.com
frontiernet.net gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com
hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com juno.com laposte.net libero.it live.ca
live.co.uk live.com live.fr live.nl mac.com mail.com mail.de mail.ru me.com mindspring.com msn.com naver.com
netscape.net netzero.net ntlworld.com optonline.net optusnet.com.au orange.fr outlook.com outlook.es outlook.fr
pacbell.net pm.me posteo.de prodigy.net proton.me protonmail.com qq.com rcn.com roadrunner.com rocketmail.com
rogers.com rr.com sbcglobal.net sfr.fr shaw.ca sky.com skynet.be sympatico.ca t-online.de talktalk.net telus.net
terra.com.br tuta.com tutanota.com twc.com uol.com.br verizon.net videotron.ca virgilio.it virginmedia.com
wanadoo.fr web.de windstream.net wowway.com xtra.co.nz yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com
"""

KNOWN = frozenset(_DOMAINS.split())
"""The domains of providers whose addresses many people have."""
