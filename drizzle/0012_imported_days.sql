CREATE TABLE "imported_days" (
	"link_id" bigint NOT NULL,
	"day" date NOT NULL,
	"source" text NOT NULL,
	"hits" bigint NOT NULL,
	"added" bigint NOT NULL,
	CONSTRAINT "imported_days_link_id_day_source_pk" PRIMARY KEY("link_id","day","source")
);
--> statement-breakpoint
ALTER TABLE "imported_days" ADD CONSTRAINT "imported_days_link_id_links_id_fk" FOREIGN KEY ("link_id") REFERENCES "public"."links"("id") ON DELETE cascade ON UPDATE no action;