CREATE TABLE "cache_outbox" (
	"domain" text NOT NULL,
	"code" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cache_outbox_domain_code_pk" PRIMARY KEY("domain","code")
);
