CREATE TABLE "settled_edits" (
	"domain" text NOT NULL,
	"code" text NOT NULL,
	"version" bigint NOT NULL,
	"log_id" text NOT NULL,
	"settled_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "settled_edits_domain_code_pk" PRIMARY KEY("domain","code")
);
--> statement-breakpoint
CREATE INDEX "settled_edits_settled_at_idx" ON "settled_edits" USING btree ("settled_at");--> statement-breakpoint
CREATE INDEX "cache_outbox_created_at_idx" ON "cache_outbox" USING btree ("created_at");