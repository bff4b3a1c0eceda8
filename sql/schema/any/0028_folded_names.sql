-- What all spellings of a name have in common, as dosing_tui.domain.messages.chemical_names.fold_name: without blanks,
-- with plain dashes, in the lower case of Unicode's case folding. Letters of a case pair are in the ranges below (first,
-- last, step, distance to the lower case); ligatures and other characters that fold to several are left as they are.
DO $fold$
DECLARE
    upper_case text;
    lower_case text;
    dashes CONSTANT integer[] := ARRAY[727, 1418, 1470, 5120, 6150, 8208, 8209, 8210, 8211, 8212, 8213, 8259, 8722, 11799,
        11802, 11834, 11835, 11840, 11869, 12316, 12336, 12448, 65073, 65074, 65112, 65123, 65293, 69293];
    blanks CONSTANT integer[] := ARRAY[9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196,
        8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288];
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        CREATE FUNCTION fold_unicode_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN lower(translate(name, E' \t\n\x0b\f\r\x1c\x1d\x1e\x1f', '') COLLATE "C");
        RETURN;
    END IF;
    SELECT string_agg(chr(c), '' ORDER BY c), string_agg(chr(c + distance), '' ORDER BY c)
      INTO upper_case, lower_case
      FROM (VALUES
        (65,90,1,32), (181,181,1,775), (192,214,1,32), (216,222,1,32), (256,302,2,1), (306,310,2,1), (313,327,2,1),
        (330,374,2,1), (376,376,1,-121), (377,381,2,1), (383,383,1,-268), (385,385,1,210), (386,388,2,1),
        (390,390,1,206), (391,391,1,1), (393,394,1,205), (395,395,1,1), (398,398,1,79), (399,399,1,202),
        (400,400,1,203), (401,401,1,1), (403,403,1,205), (404,404,1,207), (406,406,1,211), (407,407,1,209),
        (408,408,1,1), (412,412,1,211), (413,413,1,213), (415,415,1,214), (416,420,2,1), (422,422,1,218),
        (423,423,1,1), (425,425,1,218), (428,428,1,1), (430,430,1,218), (431,431,1,1), (433,434,1,217),
        (435,437,2,1), (439,439,1,219), (440,440,1,1), (444,444,1,1), (452,452,1,2), (453,453,1,1), (455,455,1,2),
        (456,456,1,1), (458,458,1,2), (459,475,2,1), (478,494,2,1), (497,497,1,2), (498,500,2,1), (502,502,1,-97),
        (503,503,1,-56), (504,542,2,1), (544,544,1,-130), (546,562,2,1), (570,570,1,10795), (571,571,1,1),
        (573,573,1,-163), (574,574,1,10792), (577,577,1,1), (579,579,1,-195), (580,580,1,69), (581,581,1,71),
        (582,590,2,1), (837,837,1,116), (880,882,2,1), (886,886,1,1), (895,895,1,116), (902,902,1,38),
        (904,906,1,37), (908,908,1,64), (910,911,1,63), (913,929,1,32), (931,939,1,32), (962,962,1,1),
        (975,975,1,8), (976,976,1,-30), (977,977,1,-25), (981,981,1,-15), (982,982,1,-22), (984,1006,2,1),
        (1008,1008,1,-54), (1009,1009,1,-48), (1012,1012,1,-60), (1013,1013,1,-64), (1015,1015,1,1),
        (1017,1017,1,-7), (1018,1018,1,1), (1021,1023,1,-130), (1024,1039,1,80), (1040,1071,1,32), (1120,1152,2,1),
        (1162,1214,2,1), (1216,1216,1,15), (1217,1229,2,1), (1232,1326,2,1), (1329,1366,1,48), (4256,4293,1,7264),
        (4295,4295,1,7264), (4301,4301,1,7264), (7680,7828,2,1), (7835,7835,1,-58), (7840,7934,2,1),
        (8486,8486,1,-7517), (8490,8490,1,-8383), (8491,8491,1,-8262), (11264,11311,1,48), (11360,11360,1,1),
        (11362,11362,1,-10743), (11363,11363,1,-3814), (11364,11364,1,-10727), (11367,11371,2,1),
        (11373,11373,1,-10780), (11374,11374,1,-10749), (11375,11375,1,-10783), (11376,11376,1,-10782),
        (11378,11378,1,1), (11381,11381,1,1), (11390,11391,1,-10815), (11392,11490,2,1), (11499,11501,2,1),
        (11506,11506,1,1), (65313,65338,1,32)
      ) AS r (first, last, step, distance)
     CROSS JOIN LATERAL generate_series(first, last, step) AS c;
    SELECT upper_case || string_agg(chr(c), ''), lower_case || repeat('-', count(*)::integer)
      INTO upper_case, lower_case FROM unnest(dashes) AS c;
    SELECT upper_case || string_agg(chr(c), '') INTO upper_case FROM unnest(blanks) AS c;
    EXECUTE format($function$
        CREATE FUNCTION fold_unicode_name(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $body$
        BEGIN
            RETURN translate(replace(replace(name, %L, 'ss'), %L, 'ss'), %L, %L);
        END $body$ $function$, chr(223), chr(7838), upper_case, lower_case);
END $fold$;

CREATE FUNCTION fold_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(name) = length(name)
            THEN lower(translate(name, E' \t\n\x0b\f\r\x1c\x1d\x1e\x1f', '') COLLATE "C")
            ELSE public.fold_unicode_name(name) END;
