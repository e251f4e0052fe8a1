/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/land.h"

#include <stddef.h>

#include "common/array.h"

/*
 * Sources: the laws named here; the sites and statements of the bodies
 * themselves, and the overview of the enforcement bodies of all Länder by LBIT
 * Hessen (as of March 2024). As of 2026-11-30. Who runs a network looks whether
 * its own line still holds; options enforcement and privacy_authority take its
 * place.
 */
static const struct land lands[] = {
	/* bund */
	{ "BGG, BITV 2.0",
	  "Schlichtungsstelle nach § 16 BGG, Mauerstraße 53, 10117 Berlin, "
	  "www.schlichtungsstelle-bgg.de",
	  "Bundesbeauftragte für den Datenschutz und die "
	  "Informationsfreiheit, Graurheindorfer Straße 153, 53117 Bonn, "
	  "www.bfdi.bund.de" },
	/* bw */
	{ "L-BGG Baden-Württemberg (§ 10)",
	  "Schlichtungsstelle beim Landeszentrum Barrierefreiheit, "
	  "Else-Josenhans-Straße 6, 70173 Stuttgart, barrierefreiheit-bw.de",
	  "Landesbeauftragter für den Datenschutz und die "
	  "Informationsfreiheit Baden-Württemberg, "
	  "www.baden-wuerttemberg.datenschutz.de" },
	/* by */
	{ "BayDiG, BayDiV",
	  "Landesamt für Digitalisierung, Breitband und Vermessung, "
	  "Durchsetzungs- und Überwachungsstelle für barrierefreie "
	  "Informationstechnik, St.-Martin-Straße 47, 81541 München, "
	  "bitv@bayern.de",
	  "Bayerischer Landesbeauftragter für den Datenschutz, "
	  "www.datenschutz-bayern.de" },
	/* be */
	{ "BIKTG Bln",
	  "Landesbeauftragte für digitale Barrierefreiheit, "
	  "www.berlin.de/lb/digitale-barrierefreiheit",
	  "Berliner Beauftragte für Datenschutz und Informationsfreiheit, "
	  "www.datenschutz-berlin.de" },
	/* bb */
	{ "BbgBGG, BbgBITV",
	  "Durchsetzungsstelle barrierefreie Informationstechnik, "
	  "Henning-von-Tresckow-Straße 2-13, 14467 Potsdam",
	  "Landesbeauftragte für den Datenschutz und für das Recht auf "
	  "Akteneinsicht Brandenburg, www.lda.brandenburg.de" },
	/* hb */
	{ "BremBGG",
	  "Zentralstelle für barrierefreie Informationstechnik beim "
	  "Landesbehindertenbeauftragten, Teerhof 59, 28199 Bremen, "
	  "www.behindertenbeauftragter.bremen.de",
	  "Landesbeauftragte für Datenschutz und Informationsfreiheit "
	  "Bremen, www.datenschutz.bremen.de" },
	/* hh */
	{ "HmbBGG, HmbBITVO",
	  "Ombudsstelle nach § 4 HmbBITVO, Freie und Hansestadt Hamburg, "
	  "www.hamburg.de",
	  "Hamburgischer Beauftragter für Datenschutz und "
	  "Informationsfreiheit, datenschutz-hamburg.de" },
	/* he */
	{ "HessBGG, HVBIT",
	  "Durchsetzungs- und Überwachungsstelle Barrierefreie "
	  "Informationstechnik, Landgraf-Philipp-Platz 1-7, 35390 Gießen, "
	  "lbit.hessen.de",
	  "Hessischer Beauftragter für Datenschutz und "
	  "Informationsfreiheit, datenschutz.hessen.de" },
	/* mv */
	{ "LBGG M-V, BITVO M-V",
	  "Überwachungsstelle Mecklenburg-Vorpommern, Werderstraße 124, 19055 "
	  "Schwerin",
	  "Landesbeauftragter für Datenschutz und Informationsfreiheit "
	  "Mecklenburg-Vorpommern, www.datenschutz-mv.de" },
	/* ni */
	{ "NBGG",
	  "Schlichtungsstelle nach dem NBGG, Hannover, "
	  "schlichtungsstelle@ms.niedersachsen.de",
	  "Landesbeauftragter für den Datenschutz Niedersachsen, "
	  "www.lfd.niedersachsen.de" },
	/* nw */
	{ "BGG NRW, BITV NRW",
	  "Ombudsstelle für barrierefreie Informationstechnik des Landes "
	  "Nordrhein-Westfalen, Fürstenwall 25, 40219 Düsseldorf, "
	  "ombudsstelle-barrierefreie-it@mags.nrw.de",
	  "Landesbeauftragte für Datenschutz und Informationsfreiheit "
	  "Nordrhein-Westfalen, www.ldi.nrw.de" },
	/* rp */
	{ "Landesinklusionsgesetz Rheinland-Pfalz (§ 10)",
	  "Landesbeauftragte für die Belange von Menschen mit Behinderungen, "
	  "Bauhofstraße 9, 55116 Mainz",
	  "Landesbeauftragter für den Datenschutz und die "
	  "Informationsfreiheit Rheinland-Pfalz, www.datenschutz.rlp.de" },
	/* sl */
	{ "SBGG (§§ 12a, 12b)",
	  "Schlichtungsstelle bei der Landesfachstelle Barrierefreiheit, "
	  "Saarbrücken",
	  "Unabhängiges Datenschutzzentrum Saarland, "
	  "www.datenschutz.saarland.de" },
	/* sn */
	{ "Barrierefreie-Websites-Gesetz (BfWebG) Sachsen",
	  "Beauftragter der Sächsischen Staatsregierung für die Belange von "
	  "Menschen mit Behinderungen, Archivstraße 1, 01097 Dresden, "
	  "info.behindertenbeauftragter@sk.sachsen.de",
	  "Sächsische Datenschutz- und Transparenzbeauftragte, "
	  "www.datenschutz.sachsen.de" },
	/* st */
	{ "BGG LSA",
	  "Ombudsstelle bei der Landesfachstelle für Barrierefreiheit "
	  "Sachsen-Anhalt, www.lf-barrierefreiheit-st.de",
	  "Landesbeauftragte für den Datenschutz Sachsen-Anhalt, "
	  "datenschutz.sachsen-anhalt.de" },
	/* sh */
	{ "LBGG Schleswig-Holstein",
	  "Beschwerdestelle für barrierefreie Informationstechnik, "
	  "Karolinenweg 1, 24105 Kiel, bbit@landtag.ltsh.de",
	  "Unabhängiges Landeszentrum für Datenschutz Schleswig-Holstein, "
	  "www.datenschutzzentrum.de" },
	/* th */
	{ "ThürBarrWebG, ThürBITVO",
	  "Landesdurchsetzungsstelle für digitale Barrierefreiheit beim "
	  "Landesbeauftragten für Menschen mit Behinderungen, "
	  "Jürgen-Fuchs-Straße 1, 99096 Erfurt, tlmb-thueringen.de",
	  "Thüringer Landesbeauftragter für den Datenschutz und die "
	  "Informationsfreiheit, www.tlfdi.de" },
};

const struct land *land_find(uint64_t land)
{
	return land && land <= ARRAY_SIZE(lands) ? &lands[land - 1] : NULL;
}
