/* entities.c, roles.c, speakers.c: who is who in an article, and who says what. */
#include "support.h"

static duider_result *annotate(const char *text)
{
    return support_annotate(text, strlen(text), NULL);
}

/* The name of the entity that says what begins so; "" where nobody is known. */
static const char *speaker(const duider_result *result, const char *begin)
{
    const duider_quote *quote = support_quote(result, begin);
    if (!quote)
        print_error("no quote begins with \"%s\"\n", begin);
    assert_non_null(quote);
    return quote->speaker_entity == DUIDER_NO_ENTITY ? "" : duider_result_entity_at(result, quote->speaker_entity)->name;
}

static void a_pronoun_is_the_person_whose_gender_fits(void **state)
{
    (void)state;
    duider_result *result = annotate("Marieke Brouwer en Hendrik Postma leiden sinds vorig jaar samen de zwemclub van Kampen. In maart ging het bad dicht.\n\n"
                                     "“Het water was te koud”, zei ze. Postma dacht daar anders over. “Wij hadden moeten stoken”, zei hij.");
    assert_string_equal(speaker(result, "Het water"), "Marieke Brouwer");
    assert_string_equal(speaker(result, "Wij hadden"), "Hendrik Postma");
    duider_result_free(result);
}

static void a_pronoun_is_nobody_whom_the_text_names_later(void **state)
{
    (void)state;
    duider_result *result = annotate("Gedeputeerde Hanneke Roelofs wijst naar Den Haag. Er is veel minder ruimte gemeld dan verwacht. Bovendien eist de overheid een deel op voor woningbouw. "
                                     "\"Ik kan geen stikstof uit mijn hoge hoed toveren\", verzucht zij.\n\nDat antwoord overtuigt hoogleraar omgevingsrecht Chris Bakkenes niet. \"De provincie "
                                     "had allang moeten beginnen\", zegt hij.");
    assert_string_equal(speaker(result, "Ik kan"), "Hanneke Roelofs");
    assert_string_equal(speaker(result, "De provincie"), "Chris Bakkenes");
    duider_result_free(result);
}

static void who_has_no_name_is_nobody_that_was_named(void **state)
{
    (void)state;
    duider_result *result = annotate("Wendy Scholten vertrok in mei. Over haar vertrek mag ze niet praten, maar een oud-collega zegt dat zij met een doos op de parkeerplaats werd gezet.\n\n"
                                     "“We zaten in de kantine”, herinnert een monteur zich. “Niemand zei iets.”");
    assert_string_equal(speaker(result, "dat zij"), "");
    assert_string_equal(speaker(result, "We zaten"), "");
    assert_string_equal(speaker(result, "Niemand zei"), "");
    duider_result_free(result);
    result = annotate("Minister Hessel Brandsma kreeg het zwaar. „De coalitie heeft hem moeten vastbinden”, zegt een ingewijde. Volgens hem belde de premier rond negen uur met de "
                      "fractieleider.");
    assert_string_equal(speaker(result, "belde"), "");
    duider_result_free(result);
}

static void an_age_means_the_person_named_last(void **state)
{
    (void)state;
    duider_result *result = annotate("Die EU-Kommission will die Fischerei auf Hering verbieten.\n\n„Ich kenne jeden Stein“, erzählt Uwe Paap, während er die Netze flickt. „Nach mir kommt keiner "
                                     "mehr.“ Der 61-jährige Fischer rechnet vor, dass er allein vom Hecht nicht leben könne.");
    assert_string_equal(speaker(result, "dass er"), "Uwe Paap");
    duider_result_free(result);
}

static void whom_the_speaker_names_is_not_the_speaker(void **state)
{
    (void)state;
    duider_result *result = annotate("Willem de Haan is al dertig jaar burgemeester van Ameland. De burgemeester neemt vrijdag afscheid.\n\n"
                                     "“Met Johan Visser heb ik nooit ruzie gehad”, vertelde hij gisteren.");
    assert_string_equal(speaker(result, "Met Johan"), "Willem de Haan");
    duider_result_free(result);
}

static void a_spokesperson_speaks_for_the_organisation(void **state)
{
    (void)state;
    duider_result *result = annotate("UTRECHT - De Nederlandse Spoorwegen schrappen vanaf zondag dertig treinen. “Er zijn te weinig machinisten”, zei een woordvoerder dinsdag.");
    assert_string_equal(speaker(result, "Er zijn"), "Nederlandse Spoorwegen");
    duider_result_free(result);
}

static void the_organisation_named_beside_the_cue_speaks(void **state)
{
    (void)state;
    duider_result *result = annotate("Directeur Otto Veldkamp van Philips kreeg gisteren bezoek van de minister. Veldkamp liet de fabriek zien.\n\n"
                                     "De Nederlandsche Bank waarschuwt dat de lonen te snel stijgen.");
    assert_string_equal(speaker(result, "dat de lonen"), "Nederlandsche Bank");
    duider_result_free(result);
}

static void somebody_elses_role_is_not_the_role_of_who_was_named(void **state)
{
    (void)state;
    duider_result *result = annotate("Jan Bakker bleef woensdag thuis. Zijn advocaat sprak van een vergissing. Volgens zijn nieuwe trainer komt het goed.");
    const duider_entity *entity = support_entity(result, "Jan Bakker");
    assert_true(entity && entity->role_count == 0);
    duider_result_free(result);
}

static void a_role_holds_the_name_it_is_of(void **state)
{
    (void)state;
    duider_result *result = annotate("Het rapport komt van Marit Hoekstra, hoogleraar aan de Universiteit Maastricht. Ook Sander Bos, directeur van Greenpeace Nederland, schreef mee.");
    const duider_entity *professor = support_entity(result, "Marit Hoekstra"), *director = support_entity(result, "Sander Bos");
    assert_true(professor && director && professor->role_count == 1 && director->role_count == 1);
    assert_string_equal(professor->roles[0].text, "hoogleraar aan de Universiteit Maastricht");
    assert_string_equal(director->roles[0].text, "directeur van Greenpeace Nederland");
    duider_result_free(result);
}

static void a_quote_that_follows_on_has_the_same_speaker(void **state)
{
    (void)state;
    duider_result *result = annotate("Wethouder Fatma Yilmaz en raadslid Kees Bakker bekeken dinsdag de nieuwe brug in Zwolle. “De brug is klaar”, zei Yilmaz. “Morgen rijdt hier de eerste bus.”");
    assert_string_equal(speaker(result, "Morgen rijdt"), "Fatma Yilmaz");
    duider_result_free(result);
}

/* The network sees no speaker mention in either. */
static void a_speaker_stands_behind_aldus_or_before_a_colon(void **state)
{
    (void)state;
    duider_result *result = annotate("Oud-wethouder Van Dongen zei te hebben gehoopt dat de controle zou worden voortgezet. “De commissie trad streng op, was duidelijk. Ook het toezicht "
                                     "werd weer serieus genomen. Met controles. Die zijn nu alweer afgeschaft. Dat is heel dom, want toezicht hoort bij geld,” aldus de D66'er die "
                                     "een vergelijking trekt met de jaren tachtig.");
    const duider_quote *quote = support_quote(result, "De commissie");
    assert_true(quote && quote->speaker_mention);
    assert_string_equal(quote->speaker_mention->text, "de D66'er");
    duider_result_free(result);
    result = annotate("Aan het slot klom Willem Postma op een stoel om de avond samen te vatten: “Ik heb nog nooit zo lekker gegeten.”");
    quote = support_quote(result, "Ik heb nog");
    assert_true(quote && quote->speaker_mention);
    assert_string_equal(quote->speaker_mention->text, "Willem Postma");
    assert_string_equal(speaker(result, "Ik heb nog"), "Willem Postma");
    duider_result_free(result);
}

/* The network points at the article alone. */
static void a_speaker_mention_is_more_than_its_article(void **state)
{
    (void)state;
    duider_result *result = annotate("Der Plan ist umstritten. Schon erwägt die Opposition den Gang vor das Gericht, weil das Gesetz gegen die Verfassung verstoße.");
    const duider_quote *quote = support_quote(result, "weil das Gesetz");
    assert_true(quote && quote->speaker_mention);
    assert_string_equal(quote->speaker_mention->text, "die Opposition");
    duider_result_free(result);
    result = annotate("Niet iedereen in Almere is blij met de kazerne. ‘We hoorden het uit de krant’, moppert een bewoner van de Europalaan.");
    quote = support_quote(result, "We hoorden");
    assert_true(quote && quote->speaker_mention);
    assert_string_equal(quote->speaker_mention->text, "een bewoner van de Europalaan");
    duider_result_free(result);
}

static void forms_of_one_people_are_one_entity(void **state)
{
    (void)state;
    duider_result *result = annotate("Belgische boeren betoogden gisteren in Parijs. Een Belg werd aangehouden. De andere Belgen reden 's avonds naar huis.");
    size_t most = 0;
    for (size_t i = 0; i < duider_result_entity_count(result); i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        if (entity->type == DUIDER_NORP && entity->mention_count > most)
            most = entity->mention_count;
    }
    assert_int_equal(most, 3);
    duider_result_free(result);
}

static void a_short_name_may_stand_before_the_full_one(void **state)
{
    (void)state;
    duider_result *result = annotate("Volgens de Kamer is dat te weinig. De Tweede Kamer stemt dinsdag.");
    const duider_entity *parliament = support_entity(result, "Tweede Kamer");
    assert_non_null(parliament);
    assert_int_equal(parliament->mention_count, 2);
    assert_string_equal(parliament->mentions[0].extract.text, "Kamer");
    duider_result_free(result);
}

static void clubs_of_one_town_stay_apart(void **state)
{
    (void)state;
    duider_result *result = annotate("Cercle Brugge won zaterdag met 2-0 van Antwerp. Het bestuur van Club Brugge feliciteerde de ploeg. Trainer Dirk Vos van Cercle Brugge was tevreden.");
    assert_true(support_entity(result, "Cercle Brugge") && support_entity(result, "Club Brugge"));
    duider_result_free(result);
}

static void a_common_word_at_the_start_of_a_sentence_is_no_name(void **state)
{
    (void)state;
    duider_result *result = annotate("Dijkgraaf wil zeewering bij Petten ophogen\n\nPETTEN - De zeedijk bij Petten moet binnen vijf jaar een halve meter hoger worden. Dat zegt dijkgraaf "
                                     "Marleen van den Heuvel van het Hoogheemraadschap Noorderkwartier.");
    assert_null(support_entity(result, "Dijkgraaf"));
    assert_non_null(support_entity(result, "Petten"));
    duider_result_free(result);
}

static void persons_named_in_full_are_found_again(void **state)
{
    (void)state;
    duider_result *result = annotate("GENT - De aanklager heeft dinsdag geëist dat Pieter De Wachter voor twintig jaar achter de tralies gaat.\n\n‘Hij kende het gebouw van buiten’, betoogde "
                                     "aanklager Saskia Lievens. De Wachter had er in 2021 het alarm geplaatst. Volgens haar was er een plan. De Wachter kreeg het laatste woord.");
    const duider_entity *entity = support_entity(result, "Pieter De Wachter");
    assert_true(entity && entity->mention_count == 3);
    assert_string_equal(entity->mentions[1].extract.text, "De Wachter");
    assert_string_equal(entity->mentions[2].extract.text, "De Wachter");
    duider_result_free(result);
    result = annotate("“Emre stond al een jaar boven aan onze lijst”, zegt directeur Els Maes over de komst van Emre Yildirim naar Eendracht Zele.");
    entity = support_entity(result, "Emre Yildirim");
    assert_true(entity && entity->mention_count == 2);
    assert_string_equal(entity->mentions[0].extract.text, "Emre");
    duider_result_free(result);
}

static void reported_speech_runs_on_to_the_end_of_its_sentence(void **state)
{
    (void)state;
    duider_result *result = annotate("Minister Els Vos zegt dat het extra geld er niet komt. Ook moeten de gemeenten eerst laten zien waar de vorige miljoenen zijn gebleven. De Kamer debatteert "
                                     "donderdag.");
    const duider_quote *quote = support_quote(result, "dat het");
    assert_true(quote && quote->span_count == 2);
    assert_string_equal(quote->spans[1].text, "Ook moeten de gemeenten eerst laten zien waar de vorige miljoenen zijn gebleven.");
    duider_result_free(result);
    result = annotate("Wie later ging slapen, had meer last. Het verschil werd volgens onderzoeker Els Vos iets kleiner, maar verdween niet.");
    quote = support_quote(result, "Het verschil");
    assert_true(quote && quote->span_count == 2);
    assert_string_equal(quote->spans[1].text, "iets kleiner, maar verdween niet");
    duider_result_free(result);
    result = annotate("Zonder geld zou het bedrijf de winter niet halen, zo staat in een memo van de accountant, dat in het bezit is van deze krant.");
    quote = support_quote(result, "Zonder geld");
    assert_true(quote && quote->span_count == 1);
    duider_result_free(result);
}

static void a_german_organisation_has_its_adjective_and_its_number(void **state)
{
    (void)state;
    duider_result *result = annotate("In Hannover reagierte das Niedersächsische Ministerium für Umwelt zurückhaltend. Der Landrat will noch in dieser Woche mit den Schäfern sprechen.");
    assert_non_null(support_entity(result, "Niedersächsische Ministerium für Umwelt"));
    duider_result_free(result);
    result = annotate("Saarbrücken wirft Frankfurt aus dem Pokal\n\nDer 1. FC Saarbrücken hat im Pokal wieder zugeschlagen. Der Trainer blieb ruhig.");
    assert_non_null(support_entity(result, "1. FC Saarbrücken"));
    duider_result_free(result);
}

static void short_names_are_the_long_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        size_t mentions;
    } cases[] = {
        {"In 2019 kocht de Britse investeerder Larkfield Capital een belang. Larkfield weigerde in oktober bij te storten.", "Larkfield Capital", 2},
        {"Geertje Huizinga-Bolt bakt al veertig jaar. Huizinga kreeg gisteren de koning op bezoek.", "Geertje Huizinga-Bolt", 2},
        {"Het bureau kreeg geld op grond van de Wet langdurige zorg (Wlz). Zorgverzekeraar Menzis opende een onderzoek.", "Wet langdurige zorg", 2},
        {"In Karlsruhe hat der Bundesgerichtshof (BGH) entschieden. Das Urteil vom Mai ist noch nicht rechtskräftig.", "Bundesgerichtshof", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        duider_result *result = annotate(cases[i].text);
        const duider_entity *entity = support_entity(result, cases[i].name);
        assert_non_null(entity);
        assert_int_equal(entity->mention_count, cases[i].mentions);
        duider_result_free(result);
    }
}

static void common_words_are_no_names(void **state)
{
    (void)state;
    duider_result *result = annotate("Thuis wist niemand iets van de overgang. Vroeger maakte Eendracht Zele zelf bekend wie er kwam.");
    assert_null(support_entity(result, "Vroeger"));
    assert_non_null(support_entity(result, "Eendracht Zele"));
    duider_result_free(result);
}

static void an_article_with_a_capital_belongs_to_its_name(void **state)
{
    (void)state;
    duider_result *result = annotate("Met de overgang is volgens Het Belang van Waas een groot bedrag gemoeid.");
    assert_non_null(support_entity(result, "Het Belang van Waas"));
    duider_result_free(result);
}

static void a_name_ends_with_its_line(void **state)
{
    (void)state;
    duider_result *result = annotate("Onderzoek naar slaap\n\nDoor Steven Connors\n\nZenuwcellen herstellen zich vooral 's nachts, schrijven artsen uit Leuven.");
    for (size_t i = 0; i < duider_result_entity_count(result); i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        for (size_t k = 0; k < entity->mention_count; k++)
            assert_null(strchr(entity->mentions[k].extract.text, '\n'));
    }
    assert_non_null(support_entity(result, "Steven Connors"));
    duider_result_free(result);
}

static void a_name_ends_before_what_it_is_of(void **state)
{
    (void)state;
    duider_result *result = annotate("De zeedijk moet hoger worden, zegt de dijkgraaf. Minister Harbers van Infrastructuur en Waterstaat beslist in het voorjaar.");
    assert_non_null(support_entity(result, "Harbers"));
    duider_result_free(result);
}

/* The network alone takes both for a person. */
static void a_name_that_the_lists_know_has_their_type(void **state)
{
    (void)state;
    duider_result *result = annotate("Volgens Solvay is de stof ongevaarlijk. De bewoners van het dorp geloven dat niet.");
    assert_non_null(support_entity(result, "Solvay"));
    assert_int_equal(support_entity(result, "Solvay")->type, DUIDER_ORG);
    duider_result_free(result);
    result = annotate("SOLVAY SCHRAPT BANEN\n\nDe bonden zijn boos en leggen morgen het werk neer.");
    assert_non_null(support_entity(result, "SOLVAY"));
    assert_int_equal(support_entity(result, "SOLVAY")->type, DUIDER_ORG);
    duider_result_free(result);
}

static void a_known_name_inside_another_does_not_cut_it(void **state)
{
    (void)state;
    duider_result *result = annotate("Ernest Solvay stichtte in 1863 een fabriek. De Vrienden van Zonhoven vieren dat met een feest.");
    assert_non_null(support_entity(result, "Ernest Solvay"));
    assert_int_equal(support_entity(result, "Ernest Solvay")->type, DUIDER_PER);
    assert_non_null(support_entity(result, "Vrienden van Zonhoven"));
    duider_result_free(result);
    result = annotate("Volgens de bonden is er te weinig personeel. Dat geldt ook voor mensen van Gemeentemuseum Den Haag, waar de plannen vorige week bekend werden en "
                      "waar nu al plaatsen leeg blijven.");
    assert_non_null(support_entity(result, "Gemeentemuseum Den Haag")); /* in the lists of two types */
    duider_result_free(result);
}

static void a_known_name_may_run_over_the_end_of_a_line(void **state)
{
    (void)state;
    duider_result *result = annotate("De verpleegkundigen van het ziekenhuis in de hoofdstad leggen vrijdag\nhet werk neer. Volgens de bonden is er al maanden te weinig personeel en\n"
                                     "loopt de druk op de afdelingen verder op. Dat geldt ook voor mensen van McDonnell\nDouglas, waar de plannen vorige week bekend werden en waar\n"
                                     "nu al plaatsen leeg blijven omdat er niemand is om het werk over te nemen.");
    const duider_entity *maker = duider_result_entity_at(result, 0);
    assert_int_equal(duider_result_entity_count(result), 1);
    assert_int_equal(maker->type, DUIDER_ORG);
    duider_result_free(result);
}

static void words_between_marks_are_direct_and_a_clause_around_them_mixed(void **state)
{
    (void)state;
    duider_result *result = annotate("Wethouder Joost Kuipers zei dat het plan „degelijk, maar veel te duur” is. “Wij zoeken nog geld”, zei hij.");
    const duider_quote *mixed = support_quote(result, "dat het plan"), *direct = support_quote(result, "Wij zoeken");
    assert_non_null(mixed);
    assert_int_equal(mixed->kind, DUIDER_MIXED);
    assert_non_null(direct);
    assert_int_equal(direct->kind, DUIDER_DIRECT);
    duider_result_free(result);
}

static void a_mark_that_closes_at_the_end_of_a_clause_belongs_to_it(void **state)
{
    (void)state;
    duider_result *result = annotate("Wethouder Joost Kuipers zei maandag dat hij het plan „degelijk, maar veel te duur” vindt. Zijn collega Carla Mulder zei dat zij hoopt op "
                                     "„een beter voorstel in het voorjaar.” De raad vergadert donderdag.");
    const duider_quote *mixed = support_quote(result, "dat zij hoopt");
    assert_non_null(mixed);
    assert_int_equal(mixed->kind, DUIDER_MIXED);
    assert_string_equal(mixed->spans[0].text, "dat zij hoopt op „een beter voorstel in het voorjaar.”");
    duider_result_free(result);
}

static void a_quote_ends_with_the_sentence_that_its_marks_end(void **state)
{
    (void)state;
    duider_result *result = annotate("Wethouder Joost Kuipers is boos op het waterschap. “De dijk had vorig jaar al klaar moeten zijn.” Later zei hij: “Wij betalen de rekening niet.”");
    const duider_quote *first = support_quote(result, "De dijk had"), *second = support_quote(result, "Wij betalen");
    assert_true(first && second);
    assert_int_equal(first->span_count, 1);
    assert_string_equal(speaker(result, "Wij betalen"), "Joost Kuipers");
    duider_result_free(result);
}

/* German corpora of quotations mark the words as well as the clause, Dutch guidelines the clause alone. */
static void words_between_marks_in_a_german_clause_are_a_quote_of_their_own(void **state)
{
    (void)state;
    duider_result *result = annotate("Neue Fähre verspätet sich\n\nDie Bürgermeisterin von Hohenried, Karla Westermann, sagte am Dienstag, die neue Fähre sei "
                                     "„viel zu laut und viel zu teuer“ geraten. Der Betreiber Seelinie wies das zurück. „Wir haben gebaut, was bestellt war“, erklärte "
                                     "Sprecher Jonas Thiele.");
    const duider_quote *mixed = support_quote(result, "die neue Fähre"), *nested = support_quote(result, "viel zu laut");
    assert_int_equal(duider_result_quote_count(result), 3);
    assert_ptr_equal(duider_result_quote_at(result, 0), mixed);
    assert_ptr_equal(duider_result_quote_at(result, 1), nested);
    assert_int_equal(mixed->kind, DUIDER_MIXED);
    assert_int_equal(nested->kind, DUIDER_DIRECT);
    assert_string_equal(nested->spans[0].text, "viel zu laut und viel zu teuer");
    assert_string_equal(nested->cue[0].text, "sagte");
    assert_string_equal(duider_result_entity_at(result, nested->speaker_entity)->name, "Karla Westermann");
    duider_result_free(result);
    result = annotate("Nieuwe veerboot vertraagd\n\nBurgemeester Karla Westerman van Hoogriet zei dinsdag dat de nieuwe veerboot „veel te luid en veel te duur” is geworden.");
    assert_int_equal(duider_result_quote_count(result), 1);
    duider_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pronoun_is_the_person_whose_gender_fits),
        cmocka_unit_test(whom_the_speaker_names_is_not_the_speaker),
        cmocka_unit_test(a_spokesperson_speaks_for_the_organisation),
        cmocka_unit_test(the_organisation_named_beside_the_cue_speaks),
        cmocka_unit_test(a_role_holds_the_name_it_is_of),
        cmocka_unit_test(a_quote_that_follows_on_has_the_same_speaker),
        cmocka_unit_test(a_speaker_stands_behind_aldus_or_before_a_colon),
        cmocka_unit_test(a_pronoun_is_nobody_whom_the_text_names_later),
        cmocka_unit_test(who_has_no_name_is_nobody_that_was_named),
        cmocka_unit_test(an_age_means_the_person_named_last),
        cmocka_unit_test(reported_speech_runs_on_to_the_end_of_its_sentence),
        cmocka_unit_test(persons_named_in_full_are_found_again),
        cmocka_unit_test(a_german_organisation_has_its_adjective_and_its_number),
        cmocka_unit_test(short_names_are_the_long_ones),
        cmocka_unit_test(common_words_are_no_names),
        cmocka_unit_test(an_article_with_a_capital_belongs_to_its_name),
        cmocka_unit_test(somebody_elses_role_is_not_the_role_of_who_was_named),
        cmocka_unit_test(a_speaker_mention_is_more_than_its_article),
        cmocka_unit_test(forms_of_one_people_are_one_entity),
        cmocka_unit_test(a_short_name_may_stand_before_the_full_one),
        cmocka_unit_test(clubs_of_one_town_stay_apart),
        cmocka_unit_test(a_common_word_at_the_start_of_a_sentence_is_no_name),
        cmocka_unit_test(a_name_ends_with_its_line),
        cmocka_unit_test(a_name_ends_before_what_it_is_of),
        cmocka_unit_test(a_name_that_the_lists_know_has_their_type),
        cmocka_unit_test(a_known_name_inside_another_does_not_cut_it),
        cmocka_unit_test(a_known_name_may_run_over_the_end_of_a_line),
        cmocka_unit_test(words_between_marks_are_direct_and_a_clause_around_them_mixed),
        cmocka_unit_test(a_mark_that_closes_at_the_end_of_a_clause_belongs_to_it),
        cmocka_unit_test(a_quote_ends_with_the_sentence_that_its_marks_end),
        cmocka_unit_test(words_between_marks_in_a_german_clause_are_a_quote_of_their_own),
    };
    return cmocka_run_group_tests(tests, support_open, support_close);
}
