/*
 * First names that tell a gender, as Dutch, Flemish, German and English news has them: names that both sexes bear (Kim, Robin, Sam) are left out.
 * In lower case without accents, sorted by their bytes: they are searched by bisection.
 */
#include "lexicon.h"

static const char *const female[] = {
    "aaltje", "ada", "adele", "adriana", "afke", "agnes", "agnieszka", "ahlam", "aicha", "aisha", "alexandra", "alice", "alida", "alina", "aline",
    "amber", "amina", "amira", "amy", "ana", "anastasia", "andrea", "anette", "angela", "angelica", "angelina", "angelique", "anita", "anja", "anke",
    "ann", "anna", "annabel", "anne", "anneke", "annelien", "annelies", "annemarie", "annemie", "annet", "annette", "annick", "annie", "anouk",
    "antje", "antoinette", "antonia", "ariane", "arianne", "astrid", "audrey", "aukje", "ayse", "aysel", "barbara", "beatrice", "beatrijs", "beatrix",
    "belinda", "bente", "bernadette", "berta", "bertha", "betsy", "betty", "bianca", "birgit", "birgitta", "bojana", "brenda", "brigitte", "britt",
    "camille", "carina", "carla", "carmen", "carola", "carolien", "carolina", "caroline", "catharina", "catherine", "cecile", "cecilia", "celine",
    "chantal", "charlotte", "chloe", "christa", "christel", "christina", "christine", "cindy", "claire", "clara", "claudia", "claudine",
    "condoleezza", "connie", "conny", "cora", "corine", "corinne", "cornelia", "corrie", "dagmar", "daniela", "danielle", "daphne", "debbie",
    "debora", "deborah", "delphine", "demi", "denise", "diana", "diane", "diede", "dina", "dominika", "dora", "dorien", "doris", "dorothea",
    "dorothee", "ebru", "edith", "eefje", "ekaterina", "elena", "eleni", "eleonora", "elif", "elin", "eline", "elisa", "elisabeth", "elise",
    "elizabeth", "elke", "ella", "ellen", "elly", "els", "elsa", "elsbeth", "elsje", "elvira", "emilia", "emilie", "emily", "emina", "emma", "emmy",
    "erica", "erika", "erna", "esmee", "esther", "eugenie", "eva", "evelien", "eveline", "evelyn", "evi", "fadila", "farida", "fatiha", "fatima",
    "fatma", "femke", "fien", "fiona", "fleur", "floor", "francine", "francisca", "franka", "frederique", "frieda", "froukje", "gabriela",
    "gabriella", "gabrielle", "geertje", "geertruida", "gemma", "genevieve", "gerda", "gerdi", "germaine", "gertrud", "gesina", "gina", "gisela",
    "gisele", "giulia", "gloria", "goedele", "grace", "greet", "greta", "griet", "gudrun", "gwen", "hadewych", "hafida", "hanan", "hanna", "hannah",
    "hanneke", "hannelore", "harriet", "hatice", "hedwig", "hedy", "heidi", "heike", "helen", "helena", "helene", "helga", "hella", "hendrika",
    "henny", "henriette", "hermien", "hermine", "hilary", "hilda", "hilde", "hillary", "hiltje", "houria", "ilona", "ilse", "imane", "imke", "ina",
    "ineke", "inez", "inga", "inge", "ingeborg", "ingrid", "irena", "irene", "irina", "iris", "irma", "isabel", "isabella", "isabelle", "ivana",
    "ivonne", "jacoba", "jacqueline", "jana", "janet", "janice", "janna", "janneke", "jannie", "jantje", "jasmijn", "jeanette", "jeanine", "jeanne",
    "jeannette", "jelena", "jennifer", "jenny", "jessica", "jet", "jikke", "joan", "joanna", "jocelyne", "johanna", "joke", "jolanda", "jolien",
    "josephine", "josette", "josje", "joyce", "judith", "julia", "juliana", "julie", "juliet", "juliette", "jutta", "kaat", "kamala", "karen",
    "karima", "karin", "karina", "karla", "karolien", "kasia", "katarina", "katarzyna", "kate", "kateryna", "katharina", "katherine", "kathleen",
    "kathy", "katia", "katja", "katleen", "katrien", "katrijn", "katrin", "kelly", "khadija", "kirsten", "klaartje", "klara", "kristel", "kristien",
    "kristina", "kristine", "krystyna", "laila", "lara", "laura", "lea", "leila", "lena", "leni", "leonie", "leontien", "lia", "lidia", "lien",
    "lies", "liesbet", "liesbeth", "lieve", "lilian", "liliane", "lily", "linda", "lisa", "lisbeth", "lise", "lisette", "liza", "lizzy", "loes",
    "lola", "lore", "lotte", "louisa", "louise", "lucia", "lucie", "lucienne", "lucy", "ludmila", "lut", "lydia", "lynn", "maaike", "maartje",
    "machteld", "madeleine", "magda", "magdalena", "maike", "mandy", "marga", "margaret", "margaretha", "margarita", "margot", "margreet",
    "margrethe", "margriet", "maria", "mariam", "marian", "marianne", "marie", "marieke", "mariele", "marielle", "mariet", "marietje", "mariette",
    "marija", "marijke", "marina", "marisa", "marit", "marita", "marja", "marjan", "marjo", "marjolein", "marjoleine", "marjolijn", "marjon",
    "marleen", "marlene", "marlies", "marlou", "marta", "martha", "martine", "mary", "maryam", "maud", "maureen", "maya", "meike", "melanie",
    "melissa", "mercedes", "meryem", "mia", "michaela", "michele", "michelle", "mieke", "mien", "miep", "milena", "mina", "minna", "miranda",
    "miriam", "mirjam", "mirthe", "moniek", "monika", "monique", "myriam", "nadia", "nadine", "nadja", "naima", "najat", "nancy", "naomi", "nasrin",
    "natalia", "natalie", "natascha", "natasja", "nathalie", "neelie", "nel", "nelleke", "nelli", "nelly", "nicola", "nicole", "nienke", "nina",
    "noor", "nora", "norma", "nurten", "odette", "olga", "olivia", "ottilie", "pamela", "patricia", "paula", "paulien", "pauline", "penelope",
    "petra", "phara", "pia", "pien", "pleun", "rachel", "rachida", "rahma", "ramona", "rania", "raquel", "rebecca", "regina", "reina", "renate",
    "renee", "renske", "ria", "rianne", "rita", "roos", "roosje", "rosa", "rosalie", "rosanne", "rose", "rosemarie", "rosita", "roswitha", "roxane",
    "ruth", "saar", "saartje", "sabina", "sabine", "sabrina", "saida", "sally", "salma", "samira", "sandra", "sanne", "sara", "sarah", "saskia",
    "selma", "serena", "sharon", "sheila", "sibel", "sigrid", "siham", "silke", "silvia", "simone", "sina", "sjaan", "sjoukje", "soetkin", "sofia",
    "sofie", "sonia", "sonja", "soraya", "stefanie", "stella", "stephanie", "susan", "susanna", "susanne", "suzan", "suzanne", "suze", "svetlana",
    "sylvia", "sylvie", "tamara", "tania", "tanja", "tara", "tatiana", "tatjana", "tess", "tessa", "thea", "thera", "theresa", "therese", "tiffany",
    "tilly", "tina", "tine", "tineke", "tinne", "titia", "tonia", "toos", "tove", "tracy", "trees", "trijn", "trijntje", "trix", "trudy", "truus",
    "ulla", "ulrike", "ursula", "valerie", "vanessa", "vera", "veronica", "veronika", "veronique", "vicky", "victoria", "virginie", "vivian",
    "viviane", "wendy", "wieke", "wiesje", "wilhelmina", "willeke", "willemijn", "wilma", "winnie", "xandra", "yasemin", "yasmina", "yasmine",
    "yolanda", "yolande", "yvette", "yvonne", "zahra", "zehra", "zeynep", "zoe", "zohra", "zsuzsanna", "zuleyha",
};

static const char *const male[] = {
    "aad", "aart", "ab", "abdel", "abdelaziz", "abdelhamid", "abdelkader", "abdou", "abdul", "abdullah", "abebe", "abraham", "achim", "achmed", "ad",
    "adam", "adnan", "adolf", "adriaan", "adrian", "adrianus", "ahmad", "ahmed", "ahmet", "akbar", "akin", "alain", "alan", "albert", "alberto",
    "albrecht", "alejandro", "aleksandar", "aleksandr", "alessandro", "alexander", "alexandre", "alfons", "alfred", "ali", "allan", "alois",
    "alphonse", "alvaro", "amin", "amir", "anders", "andre", "andreas", "andrej", "andrew", "andrzej", "andy", "antoine", "anton", "antonio",
    "antonius", "antony", "antoon", "aram", "ard", "arend", "arie", "ariel", "arjan", "arjen", "arman", "armand", "arnaud", "arne", "arno", "arnold",
    "arnoud", "arnout", "art", "arthur", "artur", "aryan", "asad", "augustus", "avi", "aydin", "aziz", "baltasar", "barack", "barend", "bart",
    "bartel", "bas", "bashar", "bastiaan", "bastian", "ben", "benedict", "benjamin", "benno", "benoit", "bernard", "bernd", "bernhard", "bert",
    "bertrand", "bilal", "bill", "bjorn", "bob", "bojan", "boris", "boudewijn", "bouke", "brahim", "bram", "brecht", "brian", "bruce", "bruno",
    "burak", "carel", "carl", "carlo", "carlos", "casper", "cedric", "cees", "cem", "charles", "chiel", "christiaan", "christian", "christof",
    "christoph", "christophe", "christopher", "claude", "claus", "clemens", "cor", "cornelis", "craig", "cyriel", "daan", "dag", "dan", "daniel",
    "danny", "dario", "darko", "dave", "david", "dejan", "denis", "dennis", "derk", "detlef", "dick", "dieter", "dietrich", "dimitri", "dirk",
    "djordje", "dmitri", "dolf", "dominique", "donald", "dragan", "dries", "duco", "dusan", "dylan", "eckhard", "ed", "eddie", "eddy", "edgar",
    "edmond", "edmund", "edo", "eduard", "eduardo", "edward", "edwin", "eelco", "egbert", "egon", "ehud", "eike", "elbert", "eli", "elias", "emiel",
    "emil", "emile", "emmanuel", "engelbert", "enrico", "enzo", "eric", "erich", "erik", "ernest", "ernst", "erwin", "etienne", "eugene", "evert",
    "ewoud", "ezra", "faisal", "farid", "farouk", "felix", "ferdi", "ferdinand", "ferenc", "fernand", "fernando", "fidel", "filip", "floris", "focko",
    "fokke", "folkert", "fons", "fouad", "francesco", "francis", "francisco", "francois", "frank", "frans", "franz", "franziskus", "fred", "freddy",
    "frederic", "frederik", "friedhelm", "friedrich", "frits", "fritz", "gabriel", "gaston", "geert", "geoff", "georg", "george", "georges", "gerard",
    "gerben", "gerd", "gerhard", "gerrit", "gerry", "gert", "ghislain", "gianni", "gijs", "gilbert", "gilles", "giorgio", "giovanni", "giuseppe",
    "glenn", "godfried", "goran", "gordon", "graham", "gregor", "gregory", "guenther", "guido", "guillaume", "gunter", "guus", "guy", "hakan",
    "hakim", "hamid", "hamza", "hans", "harald", "hardy", "harm", "harold", "harry", "hartmut", "hasan", "hassan", "heiko", "heiner", "heinrich",
    "heinz", "helmut", "hendrik", "henk", "henri", "henry", "herbert", "herman", "hermann", "hessel", "hicham", "hidde", "horst", "hubert", "huberto",
    "hugo", "huib", "huseyin", "hussein", "huub", "ian", "ibrahim", "igor", "imad", "imre", "ingo", "isaac", "ismael", "ismail", "ivan", "ivo",
    "jaak", "jaap", "jack", "jacob", "jacobus", "jacques", "jakob", "jamal", "james", "jan", "jannes", "janos", "jasper", "javier", "jay", "jean",
    "jef", "jeff", "jeffrey", "jelle", "jens", "jeremy", "jeroen", "jerome", "jesse", "jesus", "jim", "jimmy", "joachim", "jochem", "jochen", "joe",
    "joel", "joep", "johan", "johann", "johannes", "john", "johnny", "joop", "joost", "jordan", "jordi", "jorg", "jorge", "joris", "jorn", "jos",
    "jose", "josef", "joseph", "joshua", "jouke", "juan", "julian", "julien", "julius", "jurgen", "jurriaan", "justin", "kamal", "kamiel", "karel",
    "karim", "karl", "karsten", "kasper", "kees", "keith", "ken", "kenneth", "kevin", "khalid", "klaas", "klaus", "knut", "koen", "konrad", "koos",
    "kristof", "kurt", "lambert", "lars", "laurens", "laurent", "lee", "leendert", "leif", "len", "lennart", "leo", "leon", "leonard", "leonardo",
    "leonid", "lex", "lieven", "lionel", "lodewijk", "loek", "loic", "lorenzo", "lothar", "lou", "louis", "luc", "luca", "lucas", "luciano", "ludo",
    "ludovic", "ludwig", "luigi", "luis", "luitzen", "luuk", "maarten", "mads", "mahmoud", "mahmut", "manfred", "manuel", "marc", "marcel",
    "marcello", "marco", "marcus", "marinus", "mario", "mark", "marko", "markus", "martien", "martijn", "martin", "marwan", "massimo", "mateusz",
    "mathias", "mathieu", "mats", "matteo", "matthew", "matthias", "matthijs", "maurice", "mauritz", "mauro", "max", "maximilian", "mehmet",
    "meindert", "melle", "menno", "michael", "michail", "michal", "michel", "michiel", "miguel", "mihai", "mike", "mikhail", "milan", "milos",
    "mirko", "mohamed", "mohammad", "mohammed", "moshe", "moustafa", "muammar", "muhammad", "mustafa", "mustapha", "nabil", "nasser", "nathan",
    "neil", "nelson", "nico", "nicolaas", "nicolas", "niels", "nigel", "nik", "nikola", "nikolai", "nils", "nizar", "noah", "noel", "norbert",
    "nordin", "norman", "olaf", "oleg", "oliver", "olivier", "omar", "onno", "osama", "oscar", "oskar", "osman", "otto", "pascal", "patrice",
    "patrick", "paul", "pavel", "pedro", "peer", "pepijn", "per", "peter", "petr", "petrus", "phil", "philip", "philippe", "pierre", "piet", "pieter",
    "pim", "piotr", "pjotr", "rabin", "radomir", "radovan", "rafael", "rafik", "ralf", "ralph", "ramon", "raoul", "raymond", "reinhard", "reinier",
    "reinout", "rem", "remco", "rene", "reza", "richard", "rick", "rik", "rinus", "rob", "robbert", "robbie", "robert", "roberto", "rodolfo",
    "rodrigo", "roel", "roelof", "roger", "roland", "rolf", "romain", "roman", "ronald", "ronny", "roy", "rudi", "rudolf", "rudy", "rutger", "ruud",
    "saddam", "saeed", "said", "salah", "salim", "salvador", "samir", "samuel", "sander", "schelto", "sean", "sebastiaan", "sebastian", "selim",
    "senad", "serge", "sergei", "sergej", "sergio", "shimon", "sicco", "siebe", "siegfried", "silvio", "simon", "sjaak", "sjef", "sjoerd", "slobodan",
    "stanislav", "stef", "stefaan", "stefan", "stefano", "steffen", "stephan", "stephen", "steve", "steven", "stijn", "sven", "taco", "tariq", "ted",
    "teun", "theo", "theodoor", "thierry", "thijs", "thomas", "thorsten", "tibor", "tiemen", "tijl", "tijs", "tim", "timo", "timothy", "tino",
    "tjeerd", "tobias", "tom", "tomas", "tomasz", "tommy", "tony", "torsten", "tristan", "twan", "udo", "uli", "ulrich", "umar", "uwe", "vaclav",
    "valentin", "victor", "viktor", "vincent", "vittorio", "vladimir", "volker", "walid", "wally", "walter", "warner", "werner", "wiebe", "wilbert",
    "wilfried", "wilhelm", "willem", "william", "willy", "wim", "winfried", "winston", "wolf", "wolfgang", "wolter", "wopke", "wouter", "xavier",
    "yannick", "yasser", "yigal", "yitzhak", "yoram", "youri", "youssef", "yuri", "yusuf", "yves", "zakaria", "zbigniew", "zdenek", "zoltan", "zoran",
};

static int compare(struct view a, const char *b)
{
    size_t count = strlen(b);
    int order = memcmp(a.bytes, b, a.count < count ? a.count : count);
    return order ? order : (a.count > count) - (a.count < count);
}

static bool contains(const char *const *list, size_t count, struct view name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, list[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

enum gender first_name_gender(struct view folded)
{
    if (contains(female, sizeof female / sizeof *female, folded))
        return GENDER_FEMALE;
    return contains(male, sizeof male / sizeof *male, folded) ? GENDER_MALE : GENDER_UNKNOWN;
}
