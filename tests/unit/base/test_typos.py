from __future__ import annotations

import pytest

from undersigned.base.email_addresses import email_mistake
from undersigned.base.providers import KNOWN
from undersigned.base.typos import meant_by

# Towns, counties and states; schools; companies; groups. A letter's signers have addresses there.
_REAL = """
evanston.org cityofevanston.org oak-park.us skokie.org chicago.gov cookcountyil.gov illinois.gov vil.wilmette.il.us
ci.joliet.il.us naperville.il.us aurora-il.org elginil.gov peoriagov.org springfield.il.us champaignil.gov
urbanaillinois.us normalil.gov bloomingtonil.gov rockfordil.gov waukeganil.gov glenviewpd.org nileschicago.com
mortongroveil.org lakeforestil.gov highlandparkil.org dekalbil.gov co.lake.il.us dupageco.org kanecountyil.gov
willcounty.gov austintexas.gov houstontx.gov dallascityhall.com cityofboston.gov boston.gov nyc.gov phila.gov
seattle.gov portlandoregon.gov sfgov.org lacity.org sandiego.gov denvergov.org miamidade.gov atlantaga.gov
detroitmi.gov cleveland-oh.gov columbus.gov stlouis-mo.gov kcmo.org minneapolismn.gov milwaukee.gov toronto.ca
ottawa.ca montreal.ca vancouver.ca london.gov.uk manchester.gov.uk leeds.gov.uk gov.scot edinburgh.gov.uk
cardiff.gov.uk dublincity.ie cityofsydney.nsw.gov.au melbourne.vic.gov.au wien.gv.at muenchen.de stadt-koeln.de
berlin.de paris.fr lyon.fr madrid.es ajuntament.barcelona.cat cdmx.gob.mx jalisco.gob.mx bogota.gov.co medellin.gov.co
buenosaires.gob.ar yaounde.cm minsante.cm moh.gov.om northwestern.edu uchicago.edu uic.edu illinois.edu luc.edu
depaul.edu iit.edu niu.edu siu.edu colum.edu wheaton.edu bradley.edu harvard.edu mit.edu yale.edu princeton.edu
columbia.edu cornell.edu upenn.edu brown.edu dartmouth.edu stanford.edu berkeley.edu ucla.edu usc.edu utexas.edu
tamu.edu umich.edu msu.edu osu.edu psu.edu wisc.edu umn.edu purdue.edu iu.edu nd.edu uiowa.edu ox.ac.uk cam.ac.uk
ucl.ac.uk ed.ac.uk gla.ac.uk tcd.ie utoronto.ca mcgill.ca ubc.ca unam.mx uniandes.edu.co uba.ar ethz.ch uzh.ch cps.edu
d65.net eths202.org d219.org k12.il.us bp.com qq.com ge.com gm.com ibm.com hp.com 3m.com ford.com boeing.com cat.com
deere.com walgreens.com mcdonalds.com abbott.com abbvie.com exeloncorp.com allstate.com statefarm.com united.com
motorolasolutions.com google.com apple.com microsoft.com amazon.com meta.com intel.com oracle.com cisco.com nike.com
target.com walmart.com costco.com comcast.com verizon.com att.com charter.com cox.com t-mobile.com bbc.co.uk bt.com
shell.com siemens.com sap.com bosch.com basf.com nestle.com roche.com novartis.com ikea.com maersk.com toyota.co.jp
sony.co.jp samsung.com naver.com telmex.com bancolombia.com.co gail.com gail.co.in mail.com email.com ymail.com
gmx.com gmx.net aim.com pm.me hey.com me.com mac.com live.com msn.com inbox.com prontomail.com yandex.com zoho.com
runbox.com posteo.de mailbox.org riseup.net fastmail.fm tuta.io duck.com hotmail.co.uk yahoo.com.mx charity.org.uk
amnesty.org hrw.org aclu.org naacp.org now.org lwv.org ymca.net redcross.org salvationarmy.org unicef.org icrc.org
t.co g.co x.ai fb.com vm.co dom.com coop.com
"""

REAL_DOMAINS = _REAL.split()


def test_two_hundred_real_domains_ask_nothing() -> None:
    assert len(set(REAL_DOMAINS)) >= 200
    assert [domain for domain in REAL_DOMAINS if meant_by(f"ada@{domain}")] == []


def test_no_provider_that_people_use_asks() -> None:
    assert [domain for domain in KNOWN if meant_by(f"ada@{domain}")] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("ada@gmail.con", "ada@gmail.com"),
        ("ada@yaho.com", "ada@yahoo.com"),
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("Ada.B+x@GMAIL.CON", "Ada.B+x@gmail.com"),
        (" ada@gmail.co ", "ada@gmail.com"),
        ("ada@gmail.cm", "ada@gmail.com"),
        ("ada@gmial.con", "ada@gmail.com"),
        ("ada@gmail..com", "ada@gmail.com"),
        ("ada@evanston..org", "ada@evanston.org"),
        ("ada@evanston.ogr", "ada@evanston.org"),
        ("ada@example.cpm", "ada@example.com"),
        ("ada@example.couk", "ada@example.co.uk"),
        ("ada@yaho.co.uk", "ada@yahoo.co.uk"),
        ("ada@hotmial.couk", "ada@hotmail.co.uk"),
        ("ada@hotmial.co", "ada@hotmail.com"),
        ("ada@comcat.net", "ada@comcast.net"),
        ("ada@comcat.com", "ada@comcast.net"),
    ],
)
def test_what_people_mistype_is_suggested_right(typed: str, meant: str) -> None:
    assert meant_by(typed) == meant
    assert email_mistake(meant) is None
    assert meant_by(meant) is None


@pytest.mark.parametrize("typed", ["", "ada", "@gmail.con", "gmail.con", "ada@", "ada@con", "ada@..", "ada@."])
def test_what_is_no_address_has_no_suggestion(typed: str) -> None:
    assert meant_by(typed) is None
